using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Tests.Files;

public class RandomTextTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(512)]
    public void Hex_AnyLength_HasSoManyDigitsAndIsAnotherEachTime(int digits)
    {
        var texts = Enumerable.Range(0, 20).Select(_ => RandomText.Hex(digits)).ToHashSet();

        Assert.Equal(20, texts.Count);
        Assert.All(texts, text => Assert.Matches($"^[0-9a-f]{{{digits}}}$", text));
    }

    [Fact]
    public void Hex_MoreThanTheKernelGivesAtOnce_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => RandomText.Hex(514));
}
