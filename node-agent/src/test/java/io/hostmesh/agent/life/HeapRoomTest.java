package io.hostmesh.agent.life;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeapRoomTest {
  @Test
  void loadGetsRoomAndItsEndGivesItBack() {
    HeapRoom loaded = HeapRoom.IDLE.after(HeapRoom.MANY, 0);

    assertThat(loaded).isEqualTo(HeapRoom.LOADED);
    assertThat(loaded.after(HeapRoom.QUIET, HeapRoom.PATIENCE)).isEqualTo(HeapRoom.IDLE);
  }

  @Test
  void aPauseBetweenBurstsIsNotTheEnd() {
    assertThat(HeapRoom.LOADED.after(0, HeapRoom.PATIENCE - 1)).isEqualTo(HeapRoom.LOADED);
  }

  @Test
  void someWorkIsDoneInTheRoomThereIs() {
    HeapRoom active = HeapRoom.IDLE.after(HeapRoom.BUSY, 0);

    assertThat(active).isEqualTo(HeapRoom.ACTIVE);
    assertThat(active.minFree()).isEqualTo(HeapRoom.IDLE.minFree());
    assertThat(active.after(HeapRoom.QUIET, HeapRoom.PATIENCE))
        .as("what it left is garbage")
        .isEqualTo(HeapRoom.IDLE);
  }

  @Test
  void aSteadyLoadChangesNothing() {
    for (int collections = HeapRoom.QUIET + 1; collections < HeapRoom.MANY; collections++) {
      HeapRoom room = HeapRoom.IDLE.after(collections, 0);
      for (HeapRoom each : new HeapRoom[] {room, HeapRoom.LOADED}) {
        assertThat(each.after(collections, 0)).as("%d collections", collections).isEqualTo(each);
      }
    }
  }

  @Test
  void theLeastFreeIsBelowTheMost() {
    for (HeapRoom room : HeapRoom.values()) {
      assertThat(room.minFree()).isLessThan(room.maxFree());
    }
  }
}
