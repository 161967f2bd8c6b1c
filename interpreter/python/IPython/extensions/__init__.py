"""Extensions that `%load_ext` finds under IPython's names."""
