package io.basalt.meta.service;

/// How long commands took from proposal to result.
///
/// @param count commands since the start
/// @param totalNs their times together
/// @param maxNs the longest
public record CommitTimes(long count, long totalNs, long maxNs) {}
