"""A program that does nothing: it waits for go, then for quit."""
import common

common.ready()
common.go()
common.done()
