using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Tests.Fleet.History;

public class PercentileTests
{
    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(1, 0.95, 1)]
    [InlineData(2, 0.5, 1)]
    [InlineData(2, 0.95, 2)]
    [InlineData(3, 0.5, 2)]
    [InlineData(4, 0.5, 2)]
    [InlineData(20, 0.95, 19)]
    [InlineData(21, 0.95, 20)]
    [InlineData(100, 0.5, 50)]
    [InlineData(100, 0.95, 95)]
    [InlineData(100, 0, 1)]
    [InlineData(100, 1, 100)]
    [InlineData(1000, 0.95, 950)]
    public void Of_OneToCount_IsTheNearestRank(int count, double share, double expected)
        => Assert.Equal(expected, Percentile.Of([.. Enumerable.Range(1, count).Select(i => (double)i)], share));

    [Fact]
    public void Of_AnyShare_IsTheSmallestValueThatCoversIt()
    {
        for (var count = 1; count <= 60; count++)
        {
            double[] sorted = [.. Enumerable.Range(1, count).Select(i => (double)i)];
            for (var percent = 1; percent <= 100; percent++)
            {
                var value = Percentile.Of(sorted, percent / 100.0);
                Assert.True(value * 100 >= percent * count, $"{percent} % of {count}: {value}");
                Assert.True((value - 1) * 100 < percent * count, $"{percent} % of {count}: {value}");
            }
        }
    }

    [Fact]
    public void Of_NothingOrNoShare_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Percentile.Of([], 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Percentile.Of([1], -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Percentile.Of([1], 1.1));
    }
}
