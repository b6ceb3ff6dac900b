"""Words that invented songs, artists, brands, products and people are named with. All made up for this simulator."""
