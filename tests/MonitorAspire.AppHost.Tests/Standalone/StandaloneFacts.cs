using MonitorAspire.AppHost.Tests.Distributed;

namespace MonitorAspire.AppHost.Tests.Standalone;

public sealed class StandaloneFacts(SharedFleet<StandaloneEngine> shared) : DistributedFacts<StandaloneEngine>(shared);
