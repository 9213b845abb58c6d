"""From text to a typed system of states and steps, and what that system means."""
