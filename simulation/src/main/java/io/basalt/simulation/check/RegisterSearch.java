package io.basalt.simulation.check;

import io.basalt.simulation.check.RegisterHistory.Operation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The search for an order of a register's operations that keeps real time and in which each read returns what was
/// written last (Wing and Gong), in which hardly anything is left to try.
///
/// A prefix of an order is known by what is done, the value, and when the latest of what is done began; nothing that
/// had ended before that may come any more. What comes next is decided in this sequence:
///
/// 1. **Reads that fit** are done at once: no order is spoilt by that.
/// 2. A **cluster** is a write with all reads of its value, where no other write can have given them that value, or a
///    write that nobody reads. As nothing can come between, it is one step; and if it keeps nothing else from being
///    done, it is done now: whatever order there is, it can as well come first. Where all values differ, this decides
///    everything, without trying.
/// 3. Only among writes of the same value (zeros, and changes that may have been executed twice) there is a choice:
///    which of them a read has seen. A write for which another one can stand wherever it comes is not tried, required
///    ones come before optional ones, and prefixes that led nowhere are remembered.
final class RegisterSearch {
    private static final int NOWHERE = -1;
    private static final int STEPS_MAX = 300_000;

    /// A prefix that led nowhere.
    private record Dead(BitSet done, int value) {}

    /// The operations, in the order in which they began.
    private final int count;

    private final boolean[] isWrite;
    private final boolean[] isOptional;
    private final long[] began;
    private final long[] ended;
    private final int[] valueOf;

    /// Per value, its operations; and how many reads are not done.
    private final int[][] writesOf;

    private final int[][] readsOf;
    private final int[] readsLeft;

    private final BitSet done = new BitSet();
    private final Set<Dead> dead = new HashSet<>();
    private final int[] trail;
    private int trailEnd;
    private int requiredLeft;
    private int steps;

    /// The value at present, [#NOWHERE] if nobody reads it any more.
    private int value;

    /// When the latest of what is done began.
    private long latest = Long.MIN_VALUE;

    RegisterSearch(List<Operation> unordered) {
        final List<Operation> operations = unordered.stream()
                .sorted(Comparator.comparingLong(Operation::beganAt))
                .toList();
        count = operations.size();
        isWrite = new boolean[count];
        isOptional = new boolean[count];
        began = new long[count];
        ended = new long[count];
        valueOf = new int[count];
        trail = new int[count];
        final Map<Long, Integer> values = new HashMap<>();
        values.put(0L, 0);
        for (int at = 0; at < count; at++) {
            final Operation each = operations.get(at);
            isWrite[at] = each.isWrite();
            isOptional[at] = each.isOptional();
            began[at] = each.beganAt();
            ended[at] = each.endedAt();
            valueOf[at] = values.computeIfAbsent(each.value(), any -> values.size());
            requiredLeft += isOptional[at] ? 0 : 1;
        }
        writesOf = ofValues(values.size(), true);
        readsOf = ofValues(values.size(), false);
        readsLeft = Arrays.stream(readsOf).mapToInt(each -> each.length).toArray();
    }

    /// The writes, or the reads, of each value.
    private int[][] ofValues(int valueCount, boolean writes) {
        final int[] lengths = new int[valueCount];
        for (int at = 0; at < count; at++) {
            lengths[valueOf[at]] += isWrite[at] == writes ? 1 : 0;
        }
        final int[][] found = new int[valueCount][];
        for (int each = 0; each < valueCount; each++) {
            found[each] = new int[lengths[each]];
        }
        for (int at = count - 1; at >= 0; at--) {
            if (isWrite[at] == writes) {
                found[valueOf[at]][--lengths[valueOf[at]]] = at;
            }
        }
        return found;
    }

    /// Whether there is an order.
    ///
    /// @throws IllegalStateException if too many would have to be tried
    boolean succeeds() {
        final int mark = trailEnd;
        final int valueBefore = value;
        final long latestBefore = latest;
        if (goOn()) {
            return true;
        }
        undo(mark, valueBefore, latestBefore);
        return false;
    }

    /// Do what is certain, then try what is not.
    private boolean goOn() {
        while (requiredLeft > 0) {
            final long horizon = horizon();
            if (horizon < latest || isSomethingUnreadable()) {
                return false;
            }
            final int read = fittingRead(horizon);
            if (read != NOWHERE && losesNothing(began[read], NOWHERE)) {
                take(read);
            } else if (read != NOWHERE || !takeCluster()) {
                return branch(horizon, read);
            }
        }
        return true;
    }

    // What is certain.

    /// The earliest end of what is not done and must be: nothing that began later may come next.
    private long horizon() {
        long earliest = RegisterHistory.NEVER;
        // What begins after that ends later still.
        for (int at = done.nextClearBit(0); at < count && began[at] < earliest; at = done.nextClearBit(at + 1)) {
            if (!isOptional[at]) {
                earliest = Math.min(earliest, ended[at]);
            }
        }
        return earliest;
    }

    /// Whether a value has to be read that can be written no more.
    private boolean isSomethingUnreadable() {
        for (int each = 0; each < readsLeft.length; each++) {
            if (readsLeft[each] > 0 && each != value && sourcesLeft(each) == 0) {
                return true;
            }
        }
        return false;
    }

    /// Writes of a value that can still come.
    private int sourcesLeft(int of) {
        int left = 0;
        for (final int write : writesOf[of]) {
            left += !done.get(write) && ended[write] >= latest ? 1 : 0;
        }
        return left;
    }

    private int fittingRead(long horizon) {
        if (value != NOWHERE) {
            for (final int read : readsOf[value]) {
                if (!done.get(read) && began[read] <= horizon) {
                    return read;
                }
            }
        }
        return NOWHERE;
    }

    /// Whether an optional write that somebody may yet have to read, other than of a cluster's value, can still
    /// come when something that began at a time is done.
    private boolean losesNothing(long at, int ofCluster) {
        if (at <= latest) {
            return true;
        }
        for (int each = 0; each < readsLeft.length; each++) {
            if (readsLeft[each] > 0 && each != ofCluster) {
                for (final int write : writesOf[each]) {
                    if (isOptional[write] && !done.get(write) && ended[write] >= latest && ended[write] < at) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private boolean takeCluster() {
        if (mustStay()) {
            return false;
        }
        for (int write = done.nextClearBit(0); write < count; write = done.nextClearBit(write + 1)) {
            if (isEligible(write) && losesNothing(clusterBegan(write), valueOf[write])) {
                takeClusterOf(write);
                return true;
            }
        }
        return false;
    }

    /// Whether the present value has to be read again and cannot be written again.
    private boolean mustStay() {
        return value != NOWHERE && readsLeft[value] > 0 && sourcesLeft(value) == 0;
    }

    /// Whether a write and all reads of its value can be done next, with nothing between, and nothing else can have
    /// been read by them.
    private boolean isEligible(int write) {
        final int own = valueOf[write];
        if (!isWrite[write] || ended[write] < latest || (readsLeft[own] == 0 && isOptional[write])) {
            return false;
        }
        final boolean isRead = readsLeft[own] > 0;
        if (isRead && (own == value || sourcesLeft(own) != 1)) {
            return false;
        }
        final long at = clusterBegan(write);
        for (int other = done.nextClearBit(0);
                other < count && began[other] < at;
                other = done.nextClearBit(other + 1)) {
            final boolean isOwn = other == write || (isRead && valueOf[other] == own && !isWrite[other]);
            if (!isOptional[other] && ended[other] < (isOwn ? began[write] : at)) {
                return false;
            }
        }
        return true;
    }

    private long clusterBegan(int write) {
        long at = Math.max(latest, began[write]);
        for (final int read : readsOf[valueOf[write]]) {
            at = done.get(read) ? at : Math.max(at, began[read]);
        }
        return at;
    }

    private void takeClusterOf(int write) {
        take(write);
        for (final int read : readsOf[valueOf[write]]) {
            if (!done.get(read)) {
                take(read);
            }
        }
    }

    // What has to be tried.

    private boolean branch(long horizon, int read) {
        final Dead here = new Dead(done, value);
        if (dead.contains(here)) {
            return false;
        }
        if (++steps > STEPS_MAX) {
            throw new IllegalStateException("too many orders to search: " + count + " operations");
        }
        final int valueBefore = value;
        final long latestBefore = latest;
        final int mark = trailEnd;
        for (final int next : candidates(horizon, read)) {
            if (isWrite[next] && isEligible(next)) {
                takeClusterOf(next);
            } else {
                take(next);
            }
            if (succeeds()) {
                return true;
            }
            undo(mark, valueBefore, latestBefore);
        }
        dead.add(new Dead((BitSet) done.clone(), value));
        return false;
    }

    /// What can come next and has to be tried, the likeliest first.
    private List<Integer> candidates(long horizon, int read) {
        final List<Integer> required = new ArrayList<>();
        final List<Integer> optional = new ArrayList<>();
        if (read != NOWHERE) {
            required.add(read);
        }
        final boolean mustStay = mustStay();
        for (int at = done.nextClearBit(0); at < count; at = done.nextClearBit(at + 1)) {
            if (isWrite[at]
                    && began[at] <= horizon
                    && ended[at] >= latest
                    && (!mustStay || valueOf[at] == value)
                    && (isEligible(at) || isChoice(at, horizon))) {
                (isOptional[at] ? optional : required).add(at);
            }
        }
        required.addAll(optional);
        return required;
    }

    /// Whether a write is one of several of its value, and no other one can stand for it.
    private boolean isChoice(int write, long horizon) {
        final int own = valueOf[write];
        if (readsLeft[own] == 0) {
            return !isOptional[write];
        }
        if (own != value && sourcesLeft(own) == 1) {
            return false;
        }
        if (isOptional[write] && (own == value || !isReadSoon(own, horizon))) {
            return false;
        }
        for (final int other : writesOf[own]) {
            if (other != write && !done.get(other) && ended[other] >= latest && standsFor(other, write)) {
                return false;
            }
        }
        return true;
    }

    private boolean isReadSoon(int own, long horizon) {
        for (final int read : readsOf[own]) {
            if (!done.get(read) && began[read] <= horizon) {
                return true;
            }
        }
        return false;
    }

    /// Whether one write can be done wherever another one of the same value could be done next, and leaves the other
    /// for wherever it would have come itself.
    private boolean standsFor(int one, int other) {
        if (isOptional[one] && !isOptional[other]) {
            return false;
        }
        if (ended[one] > ended[other] || began[one] > Math.max(latest, began[other])) {
            return false;
        }
        final boolean alsoTheOtherWay = isOptional[one] == isOptional[other]
                && ended[one] == ended[other]
                && began[other] <= Math.max(latest, began[one]);
        return !alsoTheOtherWay || one < other;
    }

    private void take(int at) {
        assert !done.get(at);
        done.set(at);
        trail[trailEnd++] = at;
        latest = Math.max(latest, began[at]);
        requiredLeft -= isOptional[at] ? 0 : 1;
        if (!isWrite[at]) {
            readsLeft[valueOf[at]]--;
        } else {
            value = valueOf[at];
        }
        if (value != NOWHERE && readsLeft[value] == 0) {
            value = NOWHERE;
        }
    }

    private void undo(int mark, int valueBefore, long latestBefore) {
        while (trailEnd > mark) {
            final int at = trail[--trailEnd];
            done.clear(at);
            requiredLeft += isOptional[at] ? 0 : 1;
            readsLeft[valueOf[at]] += isWrite[at] ? 0 : 1;
        }
        value = valueBefore;
        latest = latestBefore;
    }
}
