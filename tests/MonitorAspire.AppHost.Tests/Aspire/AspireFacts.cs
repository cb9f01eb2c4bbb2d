using MonitorAspire.AppHost.Tests.Distributed;

namespace MonitorAspire.AppHost.Tests.Aspire;

public sealed class AspireFacts(SharedFleet<AspireEngine> shared) : DistributedFacts<AspireEngine>(shared);
