"""`workbuoy local`: the stack `local` through the real engine and the genuine provider, against moto on loopback."""
