"""A shop full of invented people, for demos and tests. Everything that comes out of it is simulated."""

from regulars.testing.simulator.calls import Call
from regulars.testing.simulator.parameters import Parameters, load_parameters, sources
from regulars.testing.simulator.world import World, simulate

__all__ = ["Call", "Parameters", "World", "load_parameters", "simulate", "sources"]
