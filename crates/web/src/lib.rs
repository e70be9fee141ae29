//! Pages for people: a client of the API.
