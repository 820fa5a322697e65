#pragma once

#include "control/ctl/context.hpp"

#include <cstdint>
#include <string_view>

namespace tocsin::control::ctl {

/// Elements of a page when all of them are read.
inline constexpr std::uint32_t kPageSize = 5000;

/// Reads the first page of a list into `list`, or with `all` every page. `fetch` asks for one page,
/// `elements` gives those of an answer. For `jsonl` they are printed page by page instead, since
/// very many need not fit in memory.
template <class Request, class Response, class Fetch, class Elements>
[[nodiscard]] grpc::Status read_pages(const Context& context, bool all, Request request,
                                      Response& list, std::uint64_t& shown, Fetch fetch,
                                      Elements elements) {
    if (all) request.set_page_size(kPageSize);
    shown = 0;
    do {
        Response page;
        const grpc::Status status = fetch(request, page);
        if (!status.ok()) return status;
        request.set_page_token(page.next_page_token());
        shown += static_cast<std::uint64_t>(elements(page).size());
        list.set_total(page.total());
        list.set_next_page_token(all ? "" : page.next_page_token());
        if (context.format == Format::JsonLines) {
            print_json(context, page, elements(page));
        } else {
            for (auto& element : elements(page)) elements(list).Add()->Swap(&element);
        }
    } while (all && !request.page_token().empty() && context.out);
    return grpc::Status::OK;
}

/// Says that there is more than was shown, when there is.
template <class Response>
void tell_of_more(const Context& context, const Response& list, std::uint64_t shown,
                  std::string_view things) {
    if (list.next_page_token().empty()) return;
    context.out.flush();
    context.err << "the first " << shown << " of " << list.total() << ' ' << things
                << ", --all shows the rest\n";
}

}  // namespace tocsin::control::ctl
