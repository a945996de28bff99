"""One org over the wire: sign-in, token store, session, SOQL, REST reads, describe."""
