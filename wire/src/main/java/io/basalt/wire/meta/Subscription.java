package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// A wish to have the maps, at once and whenever they change; a chunk server gets the attach generations too. Asked
/// again after a gap it begins anew.
///
/// @param nodeId who asks; 0 for a tool that has not registered
/// @param held the versions of the maps that the node has already, so that it need not get what it knows
public record Subscription(int nodeId, List<HeldMap> held) {
    /// A map that a node has.
    ///
    /// @param setId the set that it is of
    /// @param version which one
    public record HeldMap(int setId, long version) {
        static final int BYTES = 4 + 8;
    }

    public Subscription {
        held = List.copyOf(held);
    }

    /// The wish as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(nodeId).putInt(held.size());
        held.forEach(each -> writer.putInt(each.setId).putLong(each.version));
        return writer.toByteArray();
    }

    /// The wish in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static Subscription of(FieldReader content) {
        MetaMessage.begin(content);
        final int nodeId = content.takeInt("node id", 0, Integer.MAX_VALUE);
        final int count = content.takeCount("held maps", Limits.SETS_MAX, HeldMap.BYTES);
        final List<HeldMap> held = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            held.add(new HeldMap(
                    content.takeInt("set id", 1, Integer.MAX_VALUE),
                    content.takeLong("map version", 0, Long.MAX_VALUE)));
        }
        content.requireEnd("subscription");
        return new Subscription(nodeId, held);
    }
}
