"""Revisions: the labels of a round under other settings of the selection, before it trains on them."""
