"""From derivatives to changed variables: optimizers, their rates, and averages of variables."""
