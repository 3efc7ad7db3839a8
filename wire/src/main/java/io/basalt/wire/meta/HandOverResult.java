package io.basalt.wire.meta;

import io.basalt.wire.meta.Subscription.HeldMap;
import java.util.ArrayList;
import java.util.List;

/// What a chunk server that wants to stop waits for: once it has these maps, nothing that could go elsewhere comes to
/// it.
///
/// @param maps the versions of all sets' maps that say so
public record HandOverResult(List<HeldMap> maps) {
    public HandOverResult {
        maps = List.copyOf(maps);
    }

    /// The result as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(maps.size());
        maps.forEach(each -> writer.putInt(each.setId()).putLong(each.version()));
        return writer.toByteArray();
    }

    /// The result in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static HandOverResult of(FieldReader content) {
        MetaMessage.begin(content);
        final int count = content.takeCount("maps", Limits.SETS_MAX, HeldMap.BYTES);
        final List<HeldMap> maps = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            maps.add(new HeldMap(
                    content.takeInt("set id", 1, Integer.MAX_VALUE),
                    content.takeLong("map version", 0, Long.MAX_VALUE)));
        }
        content.requireEnd("hand-over");
        return new HandOverResult(maps);
    }
}
