// Feeds every file of the folders named as arguments to a fuzz target, in the order of their names:
// with any compiler, as a regression test. Exit status 1 when a folder holds no file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    namespace fs = std::filesystem;
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; ++i) {
        std::vector<fs::path> files;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator{argv[i], error}) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
        if (files.empty()) {
            std::fprintf(stderr, "%s: no corpus here\n", argv[i]);
            return 1;
        }
        std::ranges::sort(files);
        for (const fs::path& file : files) {
            std::printf("%s\n", file.c_str());  // the last one printed is the one that crashed
            std::fflush(stdout);
            std::ifstream in{file, std::ios::binary};
            std::vector<char> octets{std::istreambuf_iterator<char>{in}, {}};
            octets.shrink_to_fit();  // so that a sanitizer sees the first octet behind it
            LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()),
                                   octets.size());
        }
    }
    return 0;
}
