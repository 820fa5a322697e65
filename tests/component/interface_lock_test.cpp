// Two owners of one interface, in one process: each take() opens its own file description.

#include "dataplane/runtime/interface_lock.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace tocsin::component {
namespace {

using runtime::InterfaceLock;

class InterfaceLocks : public testing::Test {
protected:
    InterfaceLocks()
        : root_{std::filesystem::temp_directory_path() /
                ("tocsin-lock-test-" + std::to_string(getpid()))},
          folder_{root_ / "interfaces"} {}
    ~InterfaceLocks() override { std::filesystem::remove_all(root_); }
    InterfaceLocks(const InterfaceLocks&) = delete;
    InterfaceLocks& operator=(const InterfaceLocks&) = delete;

    std::unique_ptr<InterfaceLock> take(const std::string& interface) {
        error_.clear();
        return InterfaceLock::take(interface, error_, folder_);
    }

    std::filesystem::path root_;
    std::filesystem::path folder_;
    std::string error_;
};

TEST_F(InterfaceLocks, HaveOneOwner) {
    const auto first = take("eth0");
    ASSERT_NE(first, nullptr) << error_;
    EXPECT_EQ(take("eth0"), nullptr);
    EXPECT_NE(error_.find("eth0 is used by another tocsind"), std::string::npos) << error_;
}

TEST_F(InterfaceLocks, AreOfOneInterfaceEach) {
    const auto first = take("eth0");
    EXPECT_NE(take("eth1"), nullptr) << error_;
}

TEST_F(InterfaceLocks, AreFreeAndLeaveNothingWhenTheirOwnerEnds) {
    take("eth0").reset();
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
    EXPECT_NE(take("eth0"), nullptr) << error_;
}

TEST_F(InterfaceLocks, AreFreeBesideTheFileOfAKilledOwner) {
    take("eth0").reset();
    {
        const auto once = take("eth0");
        ASSERT_NE(once, nullptr);
        std::filesystem::copy(folder_, root_ / "left");
    }
    std::filesystem::copy(root_ / "left", folder_);
    EXPECT_NE(take("eth0"), nullptr) << error_;
}

TEST_F(InterfaceLocks, WantAFolderThatNobodyElseWritesTo) {
    take("eth0").reset();
    ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
    EXPECT_EQ(take("eth0"), nullptr);
    EXPECT_NE(error_.find(folder_.string()), std::string::npos) << error_;
}

TEST_F(InterfaceLocks, DoNotFollowALinkToAnotherFolder) {
    std::filesystem::create_directories(root_ / "elsewhere");
    std::filesystem::create_directory_symlink(root_ / "elsewhere", folder_);
    EXPECT_EQ(take("eth0"), nullptr);
    EXPECT_TRUE(std::filesystem::is_empty(root_ / "elsewhere"));
}

}  // namespace
}  // namespace tocsin::component
