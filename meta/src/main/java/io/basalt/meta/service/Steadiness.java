package io.basalt.meta.service;

import java.util.Map;
import java.util.TreeMap;

/// Keeps a node that comes and goes from taking the placement groups along each time. Every fall and every rise is a
/// newer map and new epochs for hundreds of groups; a network card that loses its link each second must not cost that
/// each second.
///
/// The first fall after a steady time costs nothing: the node is up again as soon as it answers. After each further one
/// it must wait twice as long as the time before. So a node falls at most about once in [#PAUSE_MAX_NS] for long.
final class Steadiness {
    /// How long a node must have been up for its falls before to be forgotten.
    static final long STEADY_NS = 5_000_000_000L;
    /// How long a node waits after its second fall.
    static final long PAUSE_FIRST_NS = 200_000_000L;
    /// The longest that it waits.
    static final long PAUSE_MAX_NS = 10_000_000_000L;

    private static final int DOUBLINGS_MAX = 16;

    private final Map<Integer, Course> courses = new TreeMap<>();

    private static final class Course {
        private int falls;
        private long fellNs;
        private long roseNs;
    }

    /// Forget everything.
    void clear() {
        courses.clear();
    }

    /// A node is not up any more.
    void fell(int nodeId, long nowNs) {
        final Course course = courses.computeIfAbsent(nodeId, ignored -> new Course());
        final boolean steady = course.falls > 0 && nowNs - course.roseNs >= STEADY_NS;
        course.falls = steady ? 1 : course.falls + 1;
        course.fellNs = nowNs;
    }

    /// A node is up.
    void rose(int nodeId, long nowNs) {
        final Course course = courses.get(nodeId);
        if (course != null) {
            course.roseNs = nowNs;
        }
    }

    /// Whether a node that answers may be up again already.
    boolean mayRise(int nodeId, long nowNs) {
        final Course course = courses.get(nodeId);
        if (course == null || course.falls < 2) {
            return true;
        }
        final long pauseNs = PAUSE_FIRST_NS << Math.min(course.falls - 2, DOUBLINGS_MAX);
        return nowNs - course.fellNs >= Math.min(pauseNs, PAUSE_MAX_NS);
    }
}
