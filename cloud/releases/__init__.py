"""Releases of the programs at schools: signed elsewhere, verified here, given out in stages that stop by themselves."""
