"""Makes two tiny Voxtrals and records what they answer."""
