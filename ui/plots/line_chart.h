// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/verdict.h"

#include <limits>
#include <optional>
#include <QChartView>
#include <QColor>
#include <QPointF>
#include <QString>
#include <vector>

class QCategoryAxis;
class QGraphicsPathItem;

namespace fedsleuth::ui {

/// What an axis says and spans. Where no end is given, the contents decide.
struct ChartAxis {
    QString name;    ///< "Round", "ε spent"
    QString unit{};  ///< "" where the name says it all; shown as "name (unit)"
    std::optional<double> low{}, high{};
    bool whole = false;  ///< ticks at whole numbers alone (rounds, counts)
    bool log = false;    ///< values ≤ 0 are not drawn
    bool titled = true;  ///< the name is written along the axis; not where another chart below says it
};

/// One line. A point whose y is NaN breaks it.
struct ChartLine {
    QString name;  ///< plain text; tooltip and legend
    std::vector<QPointF> points{};
    QColor color{};
    Qt::PenStyle style = Qt::SolidLine;  ///< dashes for forecasts
    double width = 1.25;                 ///< pixels
    bool markers = false;                ///< dots; left out above 2,000 points
    bool quiet = false;  ///< one of a crowd: all quiet lines are one painted path, so that thousands stay quick
    bool legend = true;  ///< quiet lines have no entry
};

/// A filled band between two curves over the same x: the crowd's quartiles.
struct ChartBand {
    QString name;
    std::vector<double> x{}, lower{}, upper{};
    QColor color{};
};

/// A horizontal line over the whole width: a budget, a threshold. Its name is written on it.
struct ChartLevel {
    QString name;
    double y = 0;
    QColor color;
    Qt::PenStyle style = Qt::DashLine;
};

/// A verdict mark at a point (a client's bad round).
struct ChartMark {
    QPointF at;
    model::VerdictClass verdict = model::VerdictClass::malicious;
    QString text;  ///< plain text, for the tooltip
};

struct ChartContents {
    ChartAxis x, y;
    std::vector<ChartLine> lines;
    std::vector<ChartBand> bands;
    std::vector<ChartLevel> levels;
    std::vector<ChartMark> marks;
    std::optional<double> caret_x;  ///< a thin vertical line in the accent colour: the selected round
    bool legend = true;             ///< shown where at least two entries need telling apart
    QString empty_text;             ///< said in the middle where nothing can be drawn
};

/// A Qt Charts view in the program's look: hairline grid, named axes, thin lines, a tooltip at the nearest point.
/// Colours come with the contents: give new contents when the palette changes.
class LineChart : public QChartView {
    Q_OBJECT
public:
    explicit LineChart(QWidget* parent = nullptr);
    ~LineChart() override;

    void set_contents(ChartContents contents);
    void set_caret(std::optional<double> x);  ///< cheap; the rest stays
    [[nodiscard]] const ChartContents& contents() const { return contents_; }

signals:
    void line_clicked(int line_idx);  ///< within a few pixels of a line
    void x_clicked(double x);         ///< anywhere in the plot
    void x_activated(double x);       ///< double click

protected:
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    static constexpr float band_alpha = 0.22F;
    struct Hit {
        int line_idx = -1;
        int mark_idx = -1;
        std::size_t point_idx = 0;
        double distance = std::numeric_limits<double>::infinity();  ///< pixels
    };
    void rebuild();
    void label_axis(QCategoryAxis& axis, const ChartAxis& said, double low, double high, int most) const;
    [[nodiscard]] bool has_legend() const;
    void paint_legend(QPainter& painter, const QRectF& plot) const;
    void add_band(const ChartBand& band);
    void add_line(const ChartLine& line);
    void place_crowd();
    void attach(QAbstractSeries* series);
    [[nodiscard]] QPointF plotted(const QPointF& value) const;  ///< as the series hold it: log10 on a log axis
    [[nodiscard]] QPointF to_view(const QPointF& value) const;
    [[nodiscard]] double to_x(const QPointF& view) const;
    [[nodiscard]] bool visible(const QPointF& value) const;
    [[nodiscard]] Hit nearest(const QPointF& view) const;
    [[nodiscard]] QString tooltip(const Hit& hit) const;
    [[nodiscard]] std::optional<QPointF> hit_point(const Hit& hit) const;

    ChartContents contents_;
    QRectF limits_;                       ///< of the axes, in values
    QGraphicsPathItem* crowd_ = nullptr;  ///< the quiet lines; the chart's
    QCategoryAxis* x_axis_ = nullptr;     ///< the chart's; they stay, only what they say changes
    QCategoryAxis* y_axis_ = nullptr;
    Hit hover_;
    bool empty_ = true;
};

/// The range of the values and the levels of the contents, rounded to ticks; pure, for the chart and its tests. A null
/// rectangle where nothing can be drawn.
[[nodiscard]] QRectF chart_limits(const ChartContents& contents, int x_ticks, int y_ticks);

}  // namespace fedsleuth::ui
