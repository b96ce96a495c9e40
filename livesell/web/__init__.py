"""What livesell shows and answers over HTTP: pages, the API, the feed, and the guard in front of all of them."""
