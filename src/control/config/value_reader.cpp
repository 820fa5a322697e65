#include "control/config/value_reader.hpp"

#include "control/config/value_rules.hpp"

namespace tocsin::control::config {

std::string read_name(TableReader& in, std::string_view why, std::size_t longest) {
    const auto name = in.get_string("name");
    if (!in.has("name")) in.fault("name", "is missing: " + std::string{why});
    if (!name) return {};
    if (auto fault = name_fault(*name, longest)) in.fault("name", std::move(*fault));
    return *name;
}

std::optional<AuthDraft> read_auth_table(TableReader& in) {
    auto table = in.get_table("auth");
    if (!table) return std::nullopt;
    const auto type = table->get_string("type");
    const auto key_chain = table->get_string("key_chain");
    table->finish();
    // A value that is no text was complained about.
    if (table->has("type") != type.has_value()) return std::nullopt;
    if (table->has("key_chain") != key_chain.has_value()) return std::nullopt;
    return AuthDraft{.type = type.value_or(""), .key_chain = key_chain.value_or("")};
}

std::optional<DampeningDraft> read_dampening_table(TableReader& in) {
    auto table = in.get_table("dampening");
    if (!table) return std::nullopt;
    DampeningDraft out{.enabled = table->get_bool("enabled").value_or(true),
                       .half_life = table->get_duration("half_life"),
                       .suppress = table->get_integer("suppress"),
                       .reuse = table->get_integer("reuse"),
                       .max_suppress = table->get_duration("max_suppress"),
                       .penalty = table->get_integer("penalty")};
    table->finish();
    return out;
}

}  // namespace tocsin::control::config
