package io.hostmesh.agent.life;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeapRoomTest {
  @Test
  void loadGetsRoomAndItsEndGivesItBack() {
    HeapRoom loaded = HeapRoom.IDLE.after(HeapRoom.MANY);

    assertThat(loaded).isEqualTo(HeapRoom.LOADED);
    assertThat(loaded.after(HeapRoom.QUIET)).isEqualTo(HeapRoom.IDLE);
  }

  @Test
  void someWorkIsDoneInTheRoomThereIs() {
    HeapRoom active = HeapRoom.IDLE.after(HeapRoom.BUSY);

    assertThat(active).isEqualTo(HeapRoom.ACTIVE);
    assertThat(active.minFree()).isEqualTo(HeapRoom.IDLE.minFree());
    assertThat(active.after(HeapRoom.QUIET)).as("what it left is garbage").isEqualTo(HeapRoom.IDLE);
  }

  @Test
  void aSteadyLoadChangesNothing() {
    for (int collections = HeapRoom.QUIET + 1; collections < HeapRoom.MANY; collections++) {
      HeapRoom room = HeapRoom.IDLE.after(collections);
      for (HeapRoom each : new HeapRoom[] {room, HeapRoom.LOADED}) {
        assertThat(each.after(collections)).as("%d collections", collections).isEqualTo(each);
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
