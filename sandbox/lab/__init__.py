"""The lab: what commands talk to, and what writes down what it saw.

One program of the standard library only. It runs inside the sandbox image, in its own process
namespace, and shares nothing with the commands but a network of one loopback device.
"""
