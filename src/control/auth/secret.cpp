#include "control/auth/secret.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace tocsin::control::auth {

namespace {

std::size_t whole_pages(std::size_t octets) noexcept {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return (octets + page - 1) / page * page;
}

}  // namespace

void* take_secret_pages(std::size_t octets) {
    const std::size_t size = whole_pages(octets);
    void* const out =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (out == MAP_FAILED) throw std::bad_alloc{};
    ::madvise(out, size, MADV_DONTDUMP);
    ::madvise(out, size, MADV_DONTFORK);
    ::mlock(out, size);  // without the privilege a limit of a few pages may stand in the way
    return out;
}

void give_back_secret_pages(void* pages, std::size_t octets) noexcept {
    if (pages == nullptr) return;
    const std::size_t size = whole_pages(octets);
    ::explicit_bzero(pages, size);
    ::munmap(pages, size);
}

}  // namespace tocsin::control::auth
