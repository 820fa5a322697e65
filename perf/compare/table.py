"""Results as lines of a Markdown table."""

HEAD = """| sessions, interval | subject | Up | flaps | CPU for each packet | of it bare transmission | share of a CPU | wake-ups/s | memory | Down after the Detection Time |
|---|---|---|---|---|---|---|---|---|---|"""


def microseconds(ns):
    return "" if ns is None else f"{ns / 1000:.2f} us"


def spread(values):
    return "" if not values else " / ".join(f"{v:.1f}" for v in values) + " ms"


def row(r):
    what = f"{r['sessions']} x {r['interval_ms']} ms"
    if "cpu_ns" not in r:
        return f"| {what} | {r['subject']} | {r.get('up', 0)} | {r.get('problem', 'not measured')} | | | | | | |"
    up = "all" if r["up"] == r["sessions"] else f"{r['up']} after {r['up_after_s']:.0f} s"
    if r["up_at_the_end"] != r["up"]:
        up += f", {r['up_at_the_end']} at the end"
    flaps = max(r["flaps_of_subject"], r["flaps_of_peer"])
    return (
        f"| {what} | {r['subject']} | {up} | {flaps} | {microseconds(r['cpu_ns'])}"
        f" ({100 * r['user_share']:.0f} % user) | {microseconds(r.get('transmission_ns'))}"
        f" | {r['cpu_percent']:.1f} % | {r['switches_per_second']:.0f} | {r['memory_mib']:.0f} MiB"
        f" | {spread(r.get('told_late_ms'))} |"
    )


def ratios(results):
    """How much less CPU for each packet tocsin takes than the others, as text; nothing without both."""
    cases = {}
    for r in results:
        if r.get("up_at_the_end") == r["sessions"]:
            cases.setdefault((r["sessions"], r["interval_ms"]), {})[r["subject"]] = r
    lines = []
    for (sessions, interval), by in cases.items():
        for ours in (s for s in by if s.startswith("tocsin")):
            for theirs in (s for s in by if not s.startswith("tocsin")):
                a, b = by[theirs], by[ours]
                text = f"{sessions} x {interval} ms: {ours} takes {a['cpu_ns'] / b['cpu_ns']:.1f} x less than {theirs}"
                if a.get("transmission_ns") and b.get("transmission_ns"):
                    rest = (a["cpu_ns"] - a["transmission_ns"]) / max(b["cpu_ns"] - b["transmission_ns"], 1)
                    text += f", {rest:.1f} x less without the bare transmission of both"
                lines.append(text)
    return lines
