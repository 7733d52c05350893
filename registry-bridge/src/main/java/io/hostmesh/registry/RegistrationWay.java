package io.hostmesh.registry;

import java.util.Map;

/** One of the two ways of registration. Used by one thread, which may block. */
interface RegistrationWay {
  /**
   * Makes the registry say what it shall; called at every change and at least every few seconds.
   *
   * @return for each service that could not be registered though the registry answers, why
   * @throws RegistryException where the registry does not answer; all is tried again
   */
  Map<String, String> bringAbout(DesiredServices desired);
}
