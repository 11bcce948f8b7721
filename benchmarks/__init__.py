"""Measurements of section "Speed and size": `make bench SIZE=small|large`."""
