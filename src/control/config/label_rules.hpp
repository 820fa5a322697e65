#pragma once

#include "control/config/rule_context.hpp"

namespace tocsin::control::config {

/// An ingress of an LSP, RFC 5884.
void check_mpls(RuleContext& in);
/// TTL of what an egress routes to us; a labelled packet's says nothing, RFC 5884 7.
void check_mpls_ttl(RuleContext& in);
/// A static pseudowire, RFC 5885.
void check_vccv(RuleContext& in);

/// The keys of LSPs and pseudowires, at a session of another type.
void refuse_labels(RuleContext& in);

}  // namespace tocsin::control::config
