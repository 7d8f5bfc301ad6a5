"""Models from elsewhere: what fetches a file over the network, always because a person asked."""
