"""What became of the pixels of a round's labels since the round before, over all images."""
