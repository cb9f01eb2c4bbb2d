using CsCheck;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Tests.Restarts;

public class RestartDelayTests
{
    private static readonly Gen<RestartPolicy> Policies =
        from initial in Gen.Double[1, 10_000]
        from factor in Gen.Double[1, 10]
        from cap in Gen.Double[1, 3_600_000]
        from jitter in Gen.Double[0, 0.5]
        select new RestartPolicy
        {
            InitialDelay = TimeSpan.FromMilliseconds(initial),
            Factor = factor,
            MaxDelay = TimeSpan.FromMilliseconds(cap),
            Jitter = jitter,
        };

    [Fact]
    public void After_AnyPolicyAndFailures_StaysInTheJitteredBoundsAndBelowTheCap() =>
        Gen.Select(Policies, Gen.Int[1, 2000], Gen.Bool, Gen.Double[0, 1]).Sample((policy, failures, crashLoop, random) =>
        {
            var delay = RestartDelay.After(policy, failures, crashLoop, Math.Min(random, 0.999999)).TotalMilliseconds;
            var cap = policy.MaxDelay.TotalMilliseconds;
            if (failures == 1 && !crashLoop)
            {
                return delay == 0;
            }

            var exact = crashLoop ? cap : Math.Min(cap, policy.InitialDelay.TotalMilliseconds * Math.Pow(policy.Factor, failures - 2));
            return delay <= Math.Min(cap, exact * (1 + policy.Jitter)) + 0.001 && delay >= (exact * (1 - policy.Jitter)) - 0.001;
        });

    [Fact]
    public void After_DefaultPolicyWithoutJitter_FirstAtOnceThenDoublesUpToThirtySeconds()
    {
        var policy = new RestartPolicy { Jitter = 0 };
        var delays = Enumerable.Range(1, 11).Select(n => RestartDelay.After(policy, n, crashLoop: false, 0.3).TotalSeconds);
        Assert.Equal([0, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30], delays);
        Assert.Equal(30, RestartDelay.After(policy, 1, crashLoop: true, 0.3).TotalSeconds);
    }

    [Theory]
    [InlineData(0, 24)]
    [InlineData(1, 36)]
    public void After_DefaultJitter_IsTwentyPercentEachWay(double random, int percentOfThirty)
    {
        var delay = RestartDelay.After(new RestartPolicy { InitialDelay = TimeSpan.FromSeconds(0.3) }, 2, crashLoop: false, random);
        Assert.Equal(percentOfThirty / 100.0, delay.TotalSeconds, 6);
    }

    [Fact]
    public void Validate_OutOfRange_NamesTheKey()
    {
        Assert.Null(new RestartPolicy().Validate());
        Assert.Equal("Factor: NaN is out of range (1 to 10)", new RestartPolicy { Factor = double.NaN }.Validate());
        Assert.Equal("Jitter: 0.6 is out of range (0 to 0.5)", new RestartPolicy { Jitter = 0.6 }.Validate());
        Assert.Equal("MaxDelay: 00:00:00 is out of range (00:00:00.0010000 to 1.00:00:00)", new RestartPolicy { MaxDelay = TimeSpan.Zero }.Validate());
        Assert.StartsWith("Budget: 0", new RestartPolicy { Budget = 0 }.Validate());
        Assert.StartsWith("Mode: 7", new RestartPolicy { Mode = (RestartMode)7 }.Validate());
    }
}
