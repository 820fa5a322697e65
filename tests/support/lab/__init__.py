"""Network namespaces with BFD speakers in them, for tests and the demonstration.

    with Lab() as lab:
        lan = lab.network("lan")
        frr = Frr(lab, lan.attach("frr", "f0", ["192.0.2.2/24"]), ...)

Everything carries the name of this run, is recorded under /run/tocsin-lab, and is removed at the end;
what a dead run left behind is removed at the next start. Only processes that a run started itself are
ended, by process id and start time.
"""

from lab.bird import Bird
from lab.frr import Frr
from lab.handmade import HandmadePeer
from lab.namespace import Lab, LabError, Port, wait_until
from lab.tocsin import Tocsind
from lab.wire import Wire

__all__ = [
    "Bird",
    "Frr",
    "HandmadePeer",
    "Lab",
    "LabError",
    "Port",
    "Tocsind",
    "Wire",
    "wait_until",
]
