"""Movidesk: tickets through its public API; boards, chats and service levels through people, because it has none."""
