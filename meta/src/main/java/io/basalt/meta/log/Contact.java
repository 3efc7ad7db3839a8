package io.basalt.meta.log;

/// What one replica of a log hears of another when it asks.
public enum Contact {
    /// It was not asked yet, or is the one that asks.
    NONE("-"),
    /// It answers.
    ANSWERS("answers"),
    /// It does not answer.
    SILENT("does not answer"),
    /// It answers, and is no part of this quorum: it has another cluster's key, or was not taken in.
    STRANGER("is a stranger: another key, or not taken in");

    private final String text;

    Contact(String text) {
        this.text = text;
    }

    /// For people.
    public String text() {
        return text;
    }
}
