"""Results rendered for people and machines. Views return strings and decide nothing."""
