#include "control/auth/secret_file.hpp"

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

namespace tocsin::control::auth {
namespace {

class SecretFile : public testing::Test {
protected:
    SecretFile() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    ~SecretFile() override { std::filesystem::remove_all(folder); }

    std::filesystem::path write(const std::string& content, mode_t mode = 0600) {
        const auto path = folder / "key";
        std::ofstream{path, std::ios::binary} << content;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    std::string read(const std::string& content, SecretFormat format) {
        const auto got = read_secret_file(write(content), format, 20);
        if (!got) return "error: " + got.error().message;
        return {got.value().begin(), got.value().end()};
    }

    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("tocsin-secrets-" + std::to_string(::getpid()));
};

// req: RFC5880-6.7.2-05 RFC5880-6.7.3-06 RFC5880-6.7.4-06
TEST_F(SecretFile, HoldsAsciiUpToTheEndOfTheLine) {
    EXPECT_EQ(read("Tocsin-1", SecretFormat::Ascii), "Tocsin-1");
    EXPECT_EQ(read("Tocsin-1\n", SecretFormat::Ascii), "Tocsin-1");
    EXPECT_EQ(read("with space \r\n", SecretFormat::Ascii), "with space ");
    EXPECT_EQ(read(std::string(20, 'x') + "\n", SecretFormat::Ascii), std::string(20, 'x'));
}

// req: RFC5880-6.7.2-06 RFC5880-6.7.3-07 RFC5880-6.7.4-07
TEST_F(SecretFile, HoldsHexadecimal) {
    EXPECT_EQ(read("00ff10\n", SecretFormat::Hex), std::string("\0\xff\x10", 3));
    EXPECT_EQ(read("0x00FF10", SecretFormat::Hex), std::string("\0\xff\x10", 3));
    EXPECT_EQ(read("61 62\n63\n", SecretFormat::Hex), "abc");
}

TEST_F(SecretFile, HoldsBase64) {
    EXPECT_EQ(read("YWJj\n", SecretFormat::Base64), "abc");
    EXPECT_EQ(read("AP8=\n", SecretFormat::Base64), std::string("\0\xff", 2));
}

TEST_F(SecretFile, WithOtherContentsIsRefusedWithoutQuotingIt) {
    const auto refused = [&](const std::string& content, SecretFormat format, const char* word) {
        const std::string said = read(content, format);
        EXPECT_TRUE(said.starts_with("error: ")) << said;
        EXPECT_NE(said.find(word), std::string::npos) << said;
        EXPECT_EQ(said.find("sesame"), std::string::npos) << said;
    };
    refused("", SecretFormat::Ascii, "is empty");
    refused("\n", SecretFormat::Ascii, "is empty");
    refused("  \n", SecretFormat::Hex, "is empty");
    refused("sesame\x01", SecretFormat::Ascii, "hexadecimal");
    refused("sesame\nopen", SecretFormat::Ascii, "hexadecimal");
    refused("sesame", SecretFormat::Hex, "is not hexadecimal");
    refused("abc", SecretFormat::Hex, "is not hexadecimal");
    refused("0x", SecretFormat::Hex, "is empty");
    refused("sesame!", SecretFormat::Base64, "is not base64");
    refused("YWJ", SecretFormat::Base64, "is not base64");
    refused("=", SecretFormat::Base64, "is not base64");
    refused("sesame opens the doors", SecretFormat::Ascii, "22 octets: at most 20");
    refused(std::string(300, 'x'), SecretFormat::Ascii, "300 octets: at most 256");
}

// req: RFC5880-6.7.2-04 RFC5880-6.7.3-05 RFC5880-6.7.4-05
TEST_F(SecretFile, HasAtMostSoManyOctets) {
    const auto path = write(std::string(17, 'x'));
    EXPECT_FALSE(read_secret_file(path, SecretFormat::Ascii, 16));
    EXPECT_TRUE(read_secret_file(path, SecretFormat::Ascii, 17));
}

TEST_F(SecretFile, ThatOthersCanReadIsRefused) {
    for (const mode_t mode : {0640, 0604, 0620, 0602, 0644, 0666, 0610}) {
        const auto got = read_secret_file(write("sesame", mode), SecretFormat::Ascii, 20);
        ASSERT_FALSE(got) << std::oct << mode;
        EXPECT_NE(got.error().message.find("chmod 600"), std::string::npos);
    }
    for (const mode_t mode : {0600, 0400}) {
        EXPECT_TRUE(read_secret_file(write("sesame", mode), SecretFormat::Ascii, 20))
            << std::oct << mode;
        std::filesystem::remove(folder / "key");
    }
}

TEST_F(SecretFile, OfAnotherUserIsRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const auto path = write("sesame");
    ASSERT_EQ(::chown(path.c_str(), 65534, 0), 0);
    const auto got = read_secret_file(path, SecretFormat::Ascii, 20);
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().message.find("belongs to user 65534"), std::string::npos);
}

TEST_F(SecretFile, HasToBeAFile) {
    const auto said = [](const std::filesystem::path& path) {
        const auto got = read_secret_file(path, SecretFormat::Ascii, 20);
        return got ? std::string{} : got.error().message;
    };
    EXPECT_EQ(said(folder / "nothing"), "does not exist");
    EXPECT_EQ(said(folder), "is not a regular file");
    const auto pipe = folder / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(said(pipe), "is not a regular file");
    write("sesame");
    std::filesystem::create_symlink("key", folder / "link");  // as Kubernetes mounts them
    EXPECT_EQ(said(folder / "link"), "");
}

// To open a device can do harm.
TEST_F(SecretFile, IsNotOpenedWhenItIsNoFile) {
    const auto pipe = folder / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const int watch = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ASSERT_GE(watch, 0);
    ASSERT_GE(::inotify_add_watch(watch, folder.c_str(), IN_OPEN), 0);
    std::array<char, 4096> events{};
    EXPECT_FALSE(read_secret_file(pipe, SecretFormat::Ascii, 20));
    EXPECT_EQ(::read(watch, events.data(), events.size()), -1);
    EXPECT_TRUE(read_secret_file(write("sesame"), SecretFormat::Ascii, 20));
    EXPECT_GT(::read(watch, events.data(), events.size()), 0) << "this test would not see it";
    ::close(watch);
}

}  // namespace
}  // namespace tocsin::control::auth
