#include "control/ctl/session_add_from.hpp"

#include "control/config/nearest.hpp"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::ctl {

namespace {

using Clock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::BulkAddSessionsRequest, v1::BulkAddSessionsEvent>;

constexpr int kSessionsPerRequest = 1000;
constexpr std::size_t kUnanswered = 4;  ///< requests on their way, so that nobody waits
constexpr std::uint64_t kMostFaultsShown = 20;
/// Characters. A thousand such lines still fit in a request; `session list` writes a tenth.
constexpr std::size_t kLongestLine = 16'000;
constexpr std::chrono::seconds kBetweenReports{2};

/// As std::getline(), but keeps only a character more than kLongestLine. False: there are no more.
bool next_line(std::istream& in, std::string& line) {
    line.clear();
    char c = 0;
    while (in.get(c) && c != '\n') {
        if (line.size() <= kLongestLine) line += c;
    }
    return in || !line.empty();
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

/// {"spec": {...}} as `session list -o jsonl` writes it.
bool has_spec(std::string_view line) {
    constexpr std::string_view kKey = "\"spec\"";
    const auto at = line.find(kKey);
    if (at == line.npos) return false;
    const auto after = line.find_first_not_of(" \t", at + kKey.size());
    return after != line.npos && line[after] == ':';
}

/// What protobuf says of a line, without control characters of it; what of a field that does not
/// exist is meant.
std::string explain(std::string why, bool whole) {
    std::ranges::replace_if(
        why, [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
    const auto end = why.find(": Cannot find field.");
    if (whole || end == why.npos) {
        return "is not a session in JSON, such as {\"remote\": \"192.0.2.2\"}: " + why;
    }
    const std::string field = why.substr(0, end);
    const auto& descriptor = *v1::SessionSpec::descriptor();
    std::vector<std::string_view> known;
    known.reserve(static_cast<std::size_t>(descriptor.field_count()));
    for (int i = 0; i < descriptor.field_count(); ++i) known.push_back(descriptor.field(i)->name());
    const std::string meant = config::did_you_mean(field, known);
    return "there is no field " + config::in_quotes(field) +
           (meant.empty() ? ", write one of " + config::one_of(known) : meant);
}

/// nullopt: `why` says what is wrong with the line.
std::optional<v1::SessionSpec> spec_of(const std::string& line, std::string& why) {
    using google::protobuf::util::JsonStringToMessage;
    v1::Session session;
    const bool whole = has_spec(line);
    const auto status = whole ? JsonStringToMessage(line, &session)
                              : JsonStringToMessage(line, session.mutable_spec());
    if (status.ok()) return std::move(*session.mutable_spec());
    why = explain(std::string{status.message()}, whole);
    return std::nullopt;
}

class Import {
public:
    Import(const Context& context, std::string file) : context_{context}, file_{std::move(file)} {}

    ExitCode run(std::istream& in) {
        grpc::ClientContext call;
        const auto stream = context_.client.sessions().BulkAddSessions(&call);
        context_.stop.on_request([&call] { call.TryCancel(); });
        send_all(in, *stream);
        stream->WritesDone();
        while (!unanswered_.empty() && take_answer(*stream)) {
        }
        const grpc::Status status = stream->Finish();
        context_.stop.on_request({});
        if (!status.ok()) {
            if (added_ != 0) {
                context_.err
                    << "tocsinctl: " << added_
                    << " sessions were added before; the same command again adds the others\n";
            }
            return context_.fail(status);
        }
        if (!unanswered_.empty()) {  // such as a proxy or another server may do
            refuse(unanswered_.front().front(), ExitCode::Failure,
                   "tocsind ended the stream without an answer to this line and those after it: "
                   "the same command again adds what is missing");
        }
        return conclude();
    }

private:
    /// The lines of the sessions of one request.
    using Lines = std::vector<std::uint64_t>;

    /// Up to the end of the input or of the stream, or until the daemon has no room for more.
    void send_all(std::istream& in, Stream& stream) {
        v1::BulkAddSessionsRequest request;
        Lines lines;
        std::string line;
        for (std::uint64_t number = 1; next_line(in, line); ++number) {
            if (is_blank(line)) continue;
            std::string why;
            if (line.size() > kLongestLine) {
                refuse(number, ExitCode::InvalidArgument,
                       "is longer than " + std::to_string(kLongestLine) +
                           " characters: write one session in a line");
                continue;
            }
            auto spec = spec_of(line, why);
            if (!spec) {
                refuse(number, ExitCode::InvalidArgument, why);
                continue;
            }
            *request.add_sessions() = std::move(*spec);
            lines.push_back(number);
            if (request.sessions_size() == kSessionsPerRequest && !send(stream, request, lines)) {
                if (in.peek() != std::istream::traits_type::eof()) not_sent_ = number + 1;
                return;
            }
        }
        if (in.bad()) {
            refuse(0, ExitCode::Failure, "could not be read to its end");
        }
        if (!lines.empty()) send(stream, request, lines);
    }

    /// False: no more.
    bool send(Stream& stream, v1::BulkAddSessionsRequest& request, Lines& lines) {
        if (!stream.Write(request)) return false;
        unanswered_.push_back(std::exchange(lines, {}));
        request.Clear();
        while (unanswered_.size() >= kUnanswered) {
            if (!take_answer(stream)) return false;
        }
        return !full_;
    }

    bool take_answer(Stream& stream) {
        v1::BulkAddSessionsEvent event;
        if (!stream.Read(&event)) return false;
        const Lines lines = std::move(unanswered_.front());
        unanswered_.pop_front();
        added_ += event.added();
        for (const v1::SessionFault& fault : event.faults()) {
            const auto code = static_cast<grpc::StatusCode>(fault.code());
            full_ |= code == grpc::StatusCode::RESOURCE_EXHAUSTED;
            refuse(
                fault.index() < lines.size() ? lines[fault.index()] : 0, exit_code_of(code),
                fault.field().empty() ? fault.message() : fault.field() + ": " + fault.message());
        }
        const std::uint64_t unexplained =
            event.refused() - static_cast<std::uint64_t>(event.faults_size());
        refused_ += unexplained;
        not_shown_ += unexplained;
        report();
        return true;
    }

    void refuse(std::uint64_t line, ExitCode code, const std::string& why) {
        if (!first_refusal_) first_refusal_ = code;
        ++refused_;
        if (why == last_shown_) {
            ++same_;
            return;
        }
        tell_same();
        if (shown_ == kMostFaultsShown) {
            ++not_shown_;
            return;
        }
        ++shown_;
        last_shown_ = why;
        context_.err << file_;
        if (line != 0) context_.err << ':' << line;
        context_.err << ": " << why << '\n';
    }

    /// Lines in a row that were refused for the same reason are told as one.
    void tell_same() {
        if (same_ != 0) context_.err << file_ << ": " << same_ << " more for the same reason\n";
        same_ = 0;
        last_shown_.clear();
    }

    void report() {
        const auto now = Clock::now();
        if (now - reported_ < kBetweenReports) return;
        reported_ = now;
        context_.err << added_ << " sessions added so far\n" << std::flush;
    }

    ExitCode conclude() {
        tell_same();
        if (not_shown_ != 0) context_.err << "and " << not_shown_ << " more were refused\n";
        if (not_sent_ != 0) {
            context_.err << "there is no room for more: lines from " << not_sent_
                         << " on were not sent\n";
        }
        if (context_.format == Format::Table) {
            context_.out << added_ << (added_ == 1 ? " session" : " sessions") << " added";
            if (refused_ != 0) context_.out << ", " << refused_ << " refused";
            context_.out << '\n';
        } else {
            v1::BulkAddSessionsEvent total;
            total.set_added(static_cast<std::uint32_t>(added_));
            total.set_refused(static_cast<std::uint32_t>(refused_));
            print_json(context_.out, total, context_.format);
        }
        return first_refusal_.value_or(ExitCode::Success);
    }

    const Context& context_;
    std::string file_;
    std::deque<Lines> unanswered_;
    std::uint64_t added_ = 0;
    std::uint64_t refused_ = 0;  ///< shown, the same as one that was, or not shown
    std::uint64_t shown_ = 0;
    std::uint64_t same_ = 0;  ///< since `last_shown_`
    std::uint64_t not_shown_ = 0;
    std::string last_shown_;
    std::uint64_t not_sent_ = 0;  ///< the first line of these; 0 = all were sent
    std::optional<ExitCode> first_refusal_;
    bool full_ = false;  ///< max_sessions was reached
    Clock::time_point reported_ = Clock::now();
};

}  // namespace

ExitCode session_add_from(const Context& context, const std::string& file) {
    if (file == "-") return Import{context, "standard input"}.run(std::cin);
    std::ifstream in{file};
    if (!in) {
        return context.fail(ExitCode::InvalidArgument,
                            file + " cannot be opened: " + std::strerror(errno));
    }
    if (std::filesystem::is_directory(file)) {
        return context.fail(ExitCode::InvalidArgument, file + " is a directory: name a file");
    }
    return Import{context, file}.run(in);
}

}  // namespace tocsin::control::ctl
