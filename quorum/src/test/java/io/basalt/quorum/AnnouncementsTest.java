package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AnnouncementsTest {
    private final Announcements announcements = new Announcements();

    @Test
    void nobodyElseUnderstandsEverything() {
        assertThat(announcements.ofAll(List.of())).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void allUnderstandWhatTheLeastOfThemDoes() {
        announcements.heard(Announcements.name(1, 5));
        announcements.heard(Announcements.name(65535, 3));
        assertThat(announcements.ofAll(List.of(1))).isEqualTo(5);
        assertThat(announcements.ofAll(List.of(1, 65535))).isEqualTo(3);
    }

    @Test
    void whoHasNotAnnouncedItselfIsOfTheReleaseBefore() {
        announcements.heard(Announcements.name(1, 5));
        assertThat(announcements.ofAll(List.of(1, 2))).isEqualTo(Announcements.UNANNOUNCED);
    }

    @Test
    void theLastAnnouncementCounts() {
        announcements.heard(Announcements.name(1, 5));
        announcements.heard(Announcements.name(1, 4));
        assertThat(announcements.ofAll(List.of(1))).isEqualTo(4);
    }

    @Test
    void whatIsNoAnnouncementIsPassedOver() {
        announcements.heard(Announcements.name(1, 3));
        for (final String name : List.of(
                "",
                "0",
                "/",
                "0/1",
                "0/1/",
                "0//9",
                "0/1/9/9",
                "2/1/9",
                "0/1/0",
                "0/1/256",
                "0/0/9",
                "0/65536/9",
                "0/1/-9",
                "0/1/99999999999999",
                "0/x/9",
                "0/1/٩",
                "\u0000/1/9")) {
            announcements.heard(name);
        }
        assertThat(announcements.ofAll(List.of(1))).isEqualTo(3);
    }
}
