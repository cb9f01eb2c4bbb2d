using MonitorAspire.AppHost.Tests.Distributed;

namespace MonitorAspire.AppHost.Tests.Up;

public sealed class UpFacts(SharedFleet<UpEngine> shared) : DistributedFacts<UpEngine>(shared);
