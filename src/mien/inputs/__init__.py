"""What a recogniser eats: clips, the recipe that turns them into arrays, and a cache on disk."""
