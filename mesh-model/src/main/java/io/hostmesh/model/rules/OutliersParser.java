package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.OutlierDetection.FailurePercentage;
import io.hostmesh.model.rules.OutlierDetection.SuccessRate;
import java.time.Duration;

/** Reads {@code outliers} of {@code kind = upstream}. */
final class OutliersParser {
  private static final int MOST_IN_A_ROW = 10_000;
  private static final int MOST_REQUESTS = 1_000_000;
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration DAY = Duration.ofDays(1);

  private OutliersParser() {}

  static OutlierDetection outliers(Section outliers) {
    OutlierDetection standard = OutlierDetection.DEFAULT;
    OutlierDetection read =
        new OutlierDetection(
            row(outliers, "consecutive-5xx", standard.consecutive5xx()),
            row(outliers, "consecutive-gateway", standard.consecutiveGateway()),
            row(outliers, "consecutive-local-origin", standard.consecutiveLocalOrigin()),
            outliers.optionalSection("success-rate").map(OutliersParser::successRate),
            outliers.optionalSection("failure-percentage").map(OutliersParser::failures),
            within(outliers, "interval", standard.interval()),
            within(outliers, "ejection", standard.ejection()),
            within(outliers, "max-ejection", standard.maxEjection()),
            outliers.value("max-ejected", Share::parse, standard.maxEjected()));
    outliers.end();
    if (read.consecutive5xx() == 0
        && read.consecutiveGateway() == 0
        && read.consecutiveLocalOrigin() == 0
        && read.successRate().isEmpty()
        && read.failurePercentage().isEmpty()) {
      throw new HoconException(
          outliers.origin(),
          "nothing would be ejected: consecutive-5xx is 0, and no other reason is set"
              + " (consecutive-gateway, consecutive-local-origin, success-rate,"
              + " failure-percentage)");
    }
    if (outliers.has("max-ejection") && read.maxEjection().compareTo(read.ejection()) < 0) {
      throw outliers.refuse("max-ejection", "is shorter than ejection, the first time");
    }
    return read;
  }

  private static int row(Section outliers, String key, int otherwise) {
    return outliers.integer(key, 0, MOST_IN_A_ROW, otherwise);
  }

  private static Duration within(Section outliers, String key, Duration otherwise) {
    Duration read = outliers.duration(key, otherwise);
    if (read.compareTo(SECOND) < 0 || read.compareTo(DAY) > 0) {
      throw outliers.refuse(key, "is not within 1s to 1d");
    }
    return read;
  }

  private static SuccessRate successRate(Section section) {
    SuccessRate standard = SuccessRate.DEFAULT;
    SuccessRate read =
        new SuccessRate(
            section.value("factor", OutliersParser::thousandths, standard.thousandths()),
            section.integer("min-hosts", 2, 10_000, standard.minHosts()),
            section.integer("min-requests", 1, MOST_REQUESTS, standard.minRequests()));
    section.end();
    return read;
  }

  private static int thousandths(String text) {
    try {
      double factor = Double.parseDouble(text);
      if (factor >= 0.1 && factor <= 10) {
        return (int) Math.round(factor * 1000);
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a number of standard deviations, such as 1.9", e);
    }
    throw new IllegalArgumentException(text + " is not within 0.1 to 10 standard deviations");
  }

  private static FailurePercentage failures(Section section) {
    FailurePercentage standard = FailurePercentage.DEFAULT;
    Share threshold = section.value("threshold", Share::parse, standard.threshold());
    if (threshold.basisPoints() == 0) {
      throw section.refuse("threshold", "is 0%, which everybody reaches");
    }
    FailurePercentage read =
        new FailurePercentage(
            threshold,
            section.integer("min-hosts", 1, 10_000, standard.minHosts()),
            section.integer("min-requests", 1, MOST_REQUESTS, standard.minRequests()));
    section.end();
    return read;
  }
}
