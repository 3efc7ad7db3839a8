package io.basalt.net.meta;

import io.basalt.net.Incoming;
import io.basalt.net.Service;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MapPiece;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.MetaMessage;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.UnknownVersionException;
import io.basalt.wire.meta.VolumeName;
import io.basalt.wire.meta.VolumeRecord;
import java.util.function.Consumer;

/// Answers what the metaserver asks of a node. One reactor.
final class PushService implements Service {
    private final MapUpdates maps;
    private final MetaListener listener;
    private final Consumer<String> broken;

    /// @param broken told when a map update does not fit what came before, and all must be asked for anew
    PushService(MapUpdates maps, MetaListener listener, Consumer<String> broken) {
        this.maps = maps;
        this.listener = listener;
        this.broken = broken;
    }

    @Override
    public void request(Incoming request) {
        try {
            switch (request.type()) {
                case MetaMessage.MAP -> map(request);
                case MetaMessage.GENERATIONS -> {
                    final GenerationBatch batch = GenerationBatch.of(Content.of(request));
                    listener.generationsRaised(batch, () -> Content.done(request));
                }
                case MetaMessage.VOLUME -> {
                    final VolumeRecord volume = VolumeRecord.of(Content.of(request));
                    Content.done(request);
                    listener.volumeChanged(volume);
                }
                case MetaMessage.SERVE ->
                    serve(request, VolumeName.of(Content.of(request)).name());
                case MetaMessage.RELEASE ->
                    release(request, VolumeName.of(Content.of(request)).name());
                default ->
                    Content.refuse(request, MetaCode.UNSUPPORTED, "a node does not answer type " + request.type());
            }
        } catch (UnknownVersionException e) {
            Content.refuse(request, MetaCode.UNSUPPORTED, String.valueOf(e.getMessage()));
        } catch (MetaFormatException e) {
            Content.refuse(request, MetaCode.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    private void map(Incoming request) {
        final MapPiece piece;
        final ClusterMap map;
        try {
            piece = MapPiece.of(FieldReader.copyOf(request.body(), 0, request.bodyLength()));
            map = maps.take(piece, Content.payload(request));
        } catch (MetaFormatException e) {
            Content.refuse(request, MetaCode.BAD_REQUEST, String.valueOf(e.getMessage()));
            maps.distrust();
            broken.accept("a map update was refused: " + e.getMessage());
            return;
        }
        Content.done(request);
        if (map != null) {
            listener.mapChanged(piece.setId(), map);
        }
    }

    private void serve(Incoming request, String name) {
        listener.serveRequested(name, new MetaReply<>() {
            @Override
            public void done(ServeResult result) {
                Content.answer(request, MetaCode.OK, result.toContent());
            }

            @Override
            public void refused(MetaCode code, String reason) {
                Content.refuse(request, code, reason);
            }
        });
    }

    private void release(Incoming request, String name) {
        listener.releaseRequested(name, new MetaReply<>() {
            @Override
            public void done(Boolean released) {
                Content.done(request);
            }

            @Override
            public void refused(MetaCode code, String reason) {
                Content.refuse(request, code, reason);
            }
        });
    }
}
