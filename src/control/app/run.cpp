#include "control/app/run.hpp"

#include "control/app/daemon.hpp"
#include "control/grpc/unix_socket.hpp"

#include <malloc.h>
#include <sys/random.h>

#include <csignal>
#include <iostream>

namespace tocsin::control::app {

namespace {

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    while (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    }
    return seed;
}

Exit cannot_start(const std::string& why) {
    std::cerr << "tocsind: " << why << '\n';
    return Exit::CannotStart;
}

}  // namespace

Exit run(const Options& options, const StartDataplane& start_dataplane) {
    config::LoadResult loaded = config::load_file(options.config);
    if (!loaded.ok()) {
        for (const config::Fault& fault : loaded.faults) {
            std::cerr << config::text(fault, options.config) << '\n';
        }
        return Exit::Configuration;
    }
    const config::Config& config = *loaded.config;
    if (options.check) {
        const auto counted = [](std::size_t n, const char* noun) {
            return std::to_string(n) + ' ' + noun + (n == 1 ? "" : "s");
        };
        std::cout << options.config << ": valid, " << counted(config.ports.size(), "port") << ", "
                  << counted(config.sessions.size(), "session") << '\n';
        return Exit::Ok;
    }
    // Before the ports are taken from the kernel: a second start by mistake must disturb nothing.
    for (const std::string& listen : config.api.listen) {
        constexpr std::string_view kUnix = "unix:";
        if (!listen.starts_with(kUnix)) continue;
        const auto free = api::prepare_unix_socket(listen.substr(kUnix.size()));
        if (!free) return cannot_start(free.error().text());
    }

    // Otherwise the first large piece of memory after a million small ones were given back has all
    // of them joined at once, for a third of a second.
    ::mallopt(M_MXFAST, 0);

    // The loop comes first, since threads started from now on shall not take its signals.
    Loop loop;
    Daemon* daemon = nullptr;
    loop.on_signals({SIGHUP, SIGTERM, SIGINT}, [&](int signal) { daemon->on_signal(signal); });
    ::signal(SIGPIPE, SIG_IGN);

    const std::uint64_t seed = random_seed();
    auto started = start_dataplane(config, seed);
    if (!started) return cannot_start(started.error().text());
    const StartedDataplane& dataplane = started.value();
    Exit exit = Exit::Ok;
    {
        Daemon d{{.config_file = options.config,
                  .config = std::move(*loaded.config),
                  .version = TOCSIN_VERSION,
                  .dpdk_version = dataplane.dpdk_version,
                  .log_level = options.log_level,
                  .seed = random_seed()},
                 *dataplane.dataplane,
                 loop};
        daemon = &d;
        const auto ready = d.start();
        if (ready) {
            d.run();
        } else {
            exit = cannot_start(ready.error().text());
        }
    }
    dataplane.stop();
    return exit;
}

}  // namespace tocsin::control::app
