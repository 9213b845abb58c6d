"""Results and traces as text and as documents; no engine is needed to render them."""
