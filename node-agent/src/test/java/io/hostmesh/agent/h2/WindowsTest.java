package io.hostmesh.agent.h2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Arithmetic of flow control. */
class WindowsTest {
  /** A peer that sends as much as it may, and a reader that takes some of it now and then. */
  @Property
  void aPeerIsToldOfAllThatWasTakenAndNeverWaitsForMuch(
      @ForAll @IntRange(min = 100, max = 100_000) int size,
      @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 20_000) Integer> taken) {
    ReceiveWindow window = new ReceiveWindow(size);
    long peerMay = size;
    long unread = 0;
    for (int wanted : taken) {
      int sent = (int) Math.min(wanted, peerMay);
      assertThat(window.receive(sent)).isTrue();
      peerMay -= sent;
      unread += sent;
      int read = (int) Math.min(unread, wanted / 2 + 1);
      peerMay += window.consume(read);
      unread -= read;
      // What is neither unread nor given back is less than half of the window.
      assertThat(size - unread - peerMay).isBetween(0L, (long) size / 2 - 1);
    }
    assertThat(window.receive((int) peerMay)).isTrue();
    assertThat(window.receive(1)).isFalse();
  }

  @Property
  void whatIsSentAndGivenBackAddsUp(
      @ForAll @Size(max = 100) List<@IntRange(min = -65_535, max = 1_000_000) Integer> changes) {
    SendWindow window = new SendWindow(SendWindow.DEFAULT);
    long expected = SendWindow.DEFAULT;
    for (int change : changes) {
      assertThat(window.add(change)).isTrue();
      expected += change;
      if (window.available() > 10) {
        window.take(10);
        expected -= 10;
      }
      assertThat(window.available()).isEqualTo((int) expected);
    }
  }

  @Example
  void aWindowBeyondTheLargestIsRefusedAndStaysAsItWas() {
    SendWindow window = new SendWindow(SendWindow.DEFAULT);
    assertThat(window.add(Integer.MAX_VALUE)).isFalse();
    assertThat(window.available()).isEqualTo(SendWindow.DEFAULT);
    assertThat(window.add(Integer.MAX_VALUE - SendWindow.DEFAULT)).isTrue();
    assertThat(window.add(1)).isFalse();
  }

  @Example
  void aBudgetIsSpentAtOnceAndEarnedAgainWithTime() {
    Budget budget = new Budget(3, 10, 0);
    for (int i = 0; i < 3; i++) {
      assertThat(budget.take(0)).isTrue();
    }
    assertThat(budget.take(0)).isFalse();
    assertThat(budget.take(400_000_000)).isTrue();
    assertThat(budget.take(400_000_000)).isTrue();
  }

  @Property
  void noBudgetGivesMoreThanItsBurstAndItsRate(
      @ForAll @IntRange(min = 1, max = 100) int burst,
      @ForAll @IntRange(min = 1, max = 1000) int perSecond,
      @ForAll @Size(max = 300) List<@IntRange(max = 50_000_000) Integer> pauses) {
    Budget budget = new Budget(burst, perSecond, 0);
    long now = 0;
    long given = 0;
    for (int pause : pauses) {
      now += pause;
      given += budget.take(now) ? 1 : 0;
    }
    assertThat(given).isLessThanOrEqualTo(burst + now * perSecond / 1_000_000_000L + 1);
  }
}
