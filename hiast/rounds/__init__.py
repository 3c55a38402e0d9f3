"""The steps of a self-training run, each one readable in a sitting: warm up, label, train, evaluate."""
